-- Changes of flight_requests go to Realtime. Hosted projects have the publication already; a plain Postgres does not.

do $$
begin
  if not exists (select from pg_publication where pubname = 'supabase_realtime') then
    create publication supabase_realtime;
  end if;
  if not exists (
    select from pg_publication_tables
    where pubname = 'supabase_realtime' and schemaname = 'public' and tablename = 'flight_requests'
  ) then
    alter publication supabase_realtime add table public.flight_requests;
  end if;
end
$$;
