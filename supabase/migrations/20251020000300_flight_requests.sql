-- A flight that an agent asks for, from the first question to the end.

create table public.flight_requests (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default public.current_user_id() references public.users (id) on update cascade on delete cascade,
  client_id uuid references public.clients (id) on delete set null,
  departure_airport text not null,
  arrival_airport text not null,
  passengers integer not null,
  departure_date date not null,
  status text not null default 'CREATED',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint flight_requests_departure_airport_icao check (departure_airport ~ '^[A-Z][A-Z0-9]{3}$'),
  constraint flight_requests_arrival_airport_icao check (arrival_airport ~ '^[A-Z][A-Z0-9]{3}$'),
  constraint flight_requests_airports_differ check (departure_airport <> arrival_airport),
  constraint flight_requests_passengers_range check (passengers between 1 and 100),
  constraint flight_requests_status_known check (
    status in ('CREATED', 'AWAITING_QUOTES', 'ANALYZING_PROPOSALS', 'BOOKED', 'COMPLETED', 'CANCELLED')
  )
);

-- Serves the foreign key and the dashboard's list (one agent's requests, newest first).
create index flight_requests_user_id_created_at on public.flight_requests (user_id, created_at desc);
create index flight_requests_client_id on public.flight_requests (client_id);
create index flight_requests_created_at on public.flight_requests (created_at desc);

create trigger flight_requests_set_updated_at before update on public.flight_requests
  for each row execute function public.set_updated_at();

revoke all on public.flight_requests from anon, authenticated;
grant select, insert, update, delete on public.flight_requests to authenticated;
grant all on public.flight_requests to service_role;

alter table public.flight_requests enable row level security;

-- A client may only be named by whoever may see them: the subquery runs under the policies of clients.
create policy flight_requests_own on public.flight_requests for all to authenticated
  using (user_id = (select public.current_user_id()) or (select public.is_admin()))
  with check (
    (user_id = (select public.current_user_id()) or (select public.is_admin()))
    and (client_id is null or exists (select from public.clients where clients.id = flight_requests.client_id))
  );
