import { NextResponse } from 'next/server';

export function middleware(request) {
  const { pathname } = request.nextUrl;
  if (pathname === '/account' && !request.cookies.has('session')) {
    return NextResponse.redirect(new URL('/?signin=1', request.url));
  }
  if (pathname === '/mirror') return NextResponse.rewrite(new URL('/blog/mirrored?page=9', request.url));
  if (pathname === '/teapot') return new NextResponse('short and stout', { status: 418, headers: { 'x-tea': 'yes' } });
  const headers = new Headers(request.headers);
  headers.set('x-from-middleware', 'hello');
  const response = NextResponse.next({ request: { headers } });
  response.headers.set('x-saw', pathname);
  response.cookies.set('seen', '1');
  return response;
}

export const config = { matcher: ['/account', '/mirror', '/teapot', '/api/:path*'] };
