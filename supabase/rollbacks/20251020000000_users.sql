drop table public.users;
drop function public.set_updated_at();
