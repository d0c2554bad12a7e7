-- Who is asking: one answer for Supabase Auth (`sub` is users.id) and for Clerk (`sub` is users.clerk_user_id). Both functions
-- run as their owner, so that the policies on users do not call themselves.

create function public.current_user_id() returns uuid
  language sql
  stable
  security definer
  set search_path = ''
as $$
  select users.id
  from public.users, (select auth.jwt() ->> 'sub' as sub) as token
  where users.clerk_user_id = token.sub
    or users.id = case
      when token.sub ~ '^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$' then token.sub::uuid
    end
  limit 1
$$;

create function public.is_admin() returns boolean
  language sql
  stable
  security definer
  set search_path = ''
as $$
  select coalesce(
    (select users.role = 'admin' from public.users where users.id = public.current_user_id()),
    false
  )
$$;

revoke execute on function public.current_user_id() from public, anon;
revoke execute on function public.is_admin() from public, anon;
grant execute on function public.current_user_id() to authenticated, service_role;
grant execute on function public.is_admin() to authenticated, service_role;

-- `(select …)` lets the planner ask once a statement instead of once a row.
create policy users_read on public.users for select to authenticated
  using (id = (select public.current_user_id()) or (select public.is_admin()));

create policy users_update_own on public.users for update to authenticated
  using (id = (select public.current_user_id()))
  with check (id = (select public.current_user_id()));
