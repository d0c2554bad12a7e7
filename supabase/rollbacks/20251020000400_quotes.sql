drop table public.quotes;
