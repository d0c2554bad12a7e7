-- The people who fly. A client belongs to the agent who looks after them.

create table public.clients (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default public.current_user_id() references public.users (id) on update cascade on delete cascade,
  name text not null,
  email text not null unique,
  phone text,
  preferences jsonb not null default '{}',
  is_returning boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint clients_name_present check (btrim(name) <> ''),
  constraint clients_email_lower_case check (email = lower(email) and position('@' in email) > 1),
  constraint clients_phone_form check (phone ~ '^\+[0-9][0-9 -]{5,19}$'),
  constraint clients_preferences_object check (jsonb_typeof(preferences) = 'object')
);

create index clients_user_id on public.clients (user_id);

create trigger clients_set_updated_at before update on public.clients
  for each row execute function public.set_updated_at();

revoke all on public.clients from anon, authenticated;
grant select, insert, update, delete on public.clients to authenticated;
grant all on public.clients to service_role;

alter table public.clients enable row level security;

create policy clients_own on public.clients for all to authenticated
  using (user_id = (select public.current_user_id()) or (select public.is_admin()))
  with check (user_id = (select public.current_user_id()) or (select public.is_admin()));
