drop policy users_update_own on public.users;
drop policy users_read on public.users;
drop function public.is_admin();
drop function public.current_user_id();
