export default async function Post({ params, searchParams }) {
  const { slug } = await params;
  const { page = '1' } = await searchParams;
  return (
    <h1>
      Post {slug}, page {page}, greeting {process.env.GREETING}
    </h1>
  );
}
