export const dynamic = 'force-dynamic';
export async function GET(request) {
  return Response.json({
    at: Date.now(),
    greeting: process.env.GREETING ?? null,
    from: request.headers.get('x-from-middleware'),
    region: process.env.VERCEL_REGION ?? null,
  });
}
