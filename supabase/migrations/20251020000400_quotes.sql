-- What operators offer for a flight request. Quotes come in through the service role; agents read and answer them.

create table public.quotes (
  id uuid primary key default gen_random_uuid(),
  request_id uuid not null references public.flight_requests (id) on delete cascade,
  operator_name text not null,
  aircraft_type text not null,
  aircraft_category text not null,
  price_usd numeric(12, 2) not null,
  valid_until date not null,
  status text not null default 'RECEIVED',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint quotes_operator_name_present check (btrim(operator_name) <> ''),
  constraint quotes_aircraft_category_known check (aircraft_category in ('light', 'midsize', 'super_midsize', 'heavy', 'ultra_long_range')),
  constraint quotes_price_positive check (price_usd > 0),
  constraint quotes_status_known check (status in ('RECEIVED', 'ACCEPTED', 'DECLINED', 'EXPIRED'))
);

create index quotes_request_id on public.quotes (request_id);

create trigger quotes_set_updated_at before update on public.quotes
  for each row execute function public.set_updated_at();

revoke all on public.quotes from anon, authenticated;
grant select on public.quotes to authenticated;
grant update (status) on public.quotes to authenticated;
grant all on public.quotes to service_role;

alter table public.quotes enable row level security;

-- The subquery runs under the policies of flight_requests: whoever sees the request sees its quotes.
create policy quotes_read on public.quotes for select to authenticated
  using (exists (select from public.flight_requests where flight_requests.id = quotes.request_id));

create policy quotes_answer on public.quotes for update to authenticated
  using (exists (select from public.flight_requests where flight_requests.id = quotes.request_id))
  with check (exists (select from public.flight_requests where flight_requests.id = quotes.request_id));
