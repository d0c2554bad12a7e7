-- The publication itself stays: hosted projects own one, and an empty one does nothing.

do $$
begin
  if exists (
    select from pg_publication_rel
    join pg_publication on pg_publication.oid = prpubid
    where pubname = 'supabase_realtime' and prrelid = 'public.flight_requests'::regclass
  ) then
    alter publication supabase_realtime drop table public.flight_requests;
  end if;
end
$$;
