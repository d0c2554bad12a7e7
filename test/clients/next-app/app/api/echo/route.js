export async function POST(request) {
  const body = await request.text();
  return Response.json({ body, url: request.url, from: request.headers.get('x-from-middleware') }, { status: 201 });
}
