export default function hello(request, response) {
  response.status(200).json({ query: request.query, cookies: request.cookies, body: request.body ?? null });
}
