export function getServerSideProps({ params, query }) {
  return { props: { id: params.id, query } };
}

export default function Legacy({ id, query }) {
  return (
    <h1>
      Legacy {id} {JSON.stringify(query)}
    </h1>
  );
}
