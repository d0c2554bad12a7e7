// The packages above this folder are no part of the app.
module.exports = {
  outputFileTracingRoot: __dirname,
  turbopack: { root: __dirname },
  async redirects() {
    return [{ source: '/old/:slug', destination: '/blog/:slug', permanent: true }];
  },
  async rewrites() {
    return [
      { source: '/posts/:slug', destination: '/blog/:slug?page=2' },
      { source: '/beta', has: [{ type: 'header', key: 'x-beta', value: '(?<name>.+)' }], destination: '/blog/:name' },
    ];
  },
  async headers() {
    return [{ source: '/:path*', headers: [{ key: 'x-powered-by-rules', value: 'yes' }] }];
  },
};
