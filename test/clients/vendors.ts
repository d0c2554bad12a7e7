/* The vendors' own libraries, found in this folder's node_modules: tests elsewhere import them from here. */
export { createClerkClient, verifyToken } from '@clerk/backend';
export { Octokit } from '@octokit/rest';
export * as Sentry from '@sentry/node';
export { LogLevel, WebClient } from '@slack/web-api';
export { IncomingWebhook } from '@slack/webhook';
