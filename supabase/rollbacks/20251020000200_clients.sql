drop table public.clients;
