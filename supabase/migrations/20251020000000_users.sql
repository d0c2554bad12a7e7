-- The people who work with the app. `id` is the Supabase Auth user's id; with Clerk it is any id and `clerk_user_id` is the
-- token's subject. There is no foreign key to auth.users: with Clerk no such row exists.

create function public.set_updated_at() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  new.updated_at = now();
  return new;
end
$$;

create table public.users (
  id uuid primary key default gen_random_uuid(),
  clerk_user_id text unique,
  email text not null unique,
  full_name text not null,
  role text not null default 'iso_agent',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint users_role_known check (role in ('iso_agent', 'operator', 'admin')),
  constraint users_email_lower_case check (email = lower(email) and position('@' in email) > 1),
  constraint users_full_name_present check (btrim(full_name) <> '')
);

create trigger users_set_updated_at before update on public.users
  for each row execute function public.set_updated_at();

-- Hosted projects grant everything on new tables to the API roles: take that back, then give what each role needs.
revoke all on public.users from anon, authenticated;
grant select on public.users to authenticated;
grant update (full_name) on public.users to authenticated;
grant all on public.users to service_role;

revoke execute on function public.set_updated_at() from public, anon, authenticated;

alter table public.users enable row level security;
