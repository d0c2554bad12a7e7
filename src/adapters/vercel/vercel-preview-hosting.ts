import { z } from 'zod';
import type { PreviewHosting } from '../../core/ports/previews.ts';
import { apiPath } from '../http/api-path.ts';
import type { VercelApi } from './vercel-api.ts';

/** Returns the port over Vercel's REST API (contracts.md §1.3: aliases, deployments). */
export function vercelPreviewHosting(api: VercelApi): PreviewHosting {
  return {
    assign: async (deploymentId, hostname, signal) => {
      const path = apiPath`/v2/deployments/${deploymentId}/aliases`;
      // Assigning what is assigned already changes nothing.
      await api.read({ method: 'POST', path, json: { alias: hostname }, repeatable: true, signal }, z.object({ alias: z.string() }));
    },
    remove: async (deploymentId, signal) => {
      await api.send({ method: 'DELETE', path: apiPath`/v13/deployments/${deploymentId}`, accept: [404], signal });
    },
  };
}
