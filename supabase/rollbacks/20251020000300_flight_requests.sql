drop table public.flight_requests;
