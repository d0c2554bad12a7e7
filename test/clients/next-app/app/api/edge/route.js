export const runtime = 'edge';
export async function GET(request) {
  return Response.json({
    edge: typeof EdgeRuntime === 'string' ? EdgeRuntime : 'none',
    url: request.url,
    greeting: process.env.GREETING ?? null,
  });
}
