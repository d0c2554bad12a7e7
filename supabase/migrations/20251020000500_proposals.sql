-- What an agent proposes to the client: one quote, with a total that the client sees.

create table public.proposals (
  id uuid primary key default gen_random_uuid(),
  request_id uuid not null references public.flight_requests (id) on delete cascade,
  quote_id uuid not null references public.quotes (id) on delete cascade,
  title text not null,
  total_usd numeric(12, 2) not null,
  status text not null default 'DRAFT',
  sent_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint proposals_title_present check (btrim(title) <> ''),
  constraint proposals_total_positive check (total_usd > 0),
  constraint proposals_status_known check (status in ('DRAFT', 'SENT', 'ACCEPTED', 'DECLINED')),
  constraint proposals_sent_when_out check (status = 'DRAFT' or sent_at is not null)
);

create index proposals_request_id on public.proposals (request_id);
create index proposals_quote_id on public.proposals (quote_id);

create trigger proposals_set_updated_at before update on public.proposals
  for each row execute function public.set_updated_at();

revoke all on public.proposals from anon, authenticated;
grant select, insert, update, delete on public.proposals to authenticated;
grant all on public.proposals to service_role;

alter table public.proposals enable row level security;

-- The subqueries run under the policies of their tables; the quote must be one for the same request.
create policy proposals_own on public.proposals for all to authenticated
  using (exists (select from public.flight_requests where flight_requests.id = proposals.request_id))
  with check (
    exists (
      select from public.quotes
      where quotes.id = proposals.quote_id and quotes.request_id = proposals.request_id
    )
  );
