import { Flags } from '@oclif/core';
import { StagingCommand } from '../../../base-command.ts';

/** `jv-staging local fault add` */
export default class LocalFaultAdd extends StagingCommand {
  static override summary = 'Make the running local cloud fail in one way: refuse, lose, delay or garble what requests ask for.';
  static override description =
    'Faults hold until they are used up or cleared, and end with the local cloud. What they answer has the vendor’s own error shape.';
  static override examples = [
    '<%= config.bin %> local fault add --service vercel --status 429 --retry-after 1 --nth 3 --times 2',
    '<%= config.bin %> local fault add --service supabase --early-ready',
    '<%= config.bin %> local fault add --latency 100ms',
  ];
  static override flags = {
    service: Flags.string({ helpValue: 'NAME', summary: 'Vendor that fails: vercel, supabase, upstash …, or all.' }),
    match: Flags.string({ helpValue: "'METHOD PATH'", summary: 'Requests that are met, such as POST /v2/files; * stands for anything.' }),
    nth: Flags.integer({ min: 1, helpValue: 'N', summary: 'First matching request that is met (default: 1).' }),
    times: Flags.integer({ min: 1, helpValue: 'N', summary: 'How many are met (default: 1; with --early-ready, --expire-token: all).' }),
    status: Flags.integer({ min: 200, max: 599, helpValue: 'CODE', summary: 'Answer this status, with the vendor’s own error.' }),
    'retry-after': Flags.integer({ min: 0, helpValue: 'SECONDS', summary: 'Send Retry-After with --status.' }),
    body: Flags.string({ helpValue: 'FILE', summary: 'Answer the content of a file (with --status, else 200).' }),
    delay: Flags.string({ helpValue: 'DURATION', summary: 'Answer later, e.g. 200ms; alone or with any other.' }),
    latency: Flags.string({ helpValue: 'DURATION', summary: 'Answer every request later, of all services or of one.' }),
    stale: Flags.string({ helpValue: 'CODExN', summary: 'After a write answer the next matching reads so, e.g. 404x2.' }),
    'reset-before': Flags.boolean({ summary: 'Cut the connection before the request takes effect.' }),
    'reset-after-commit': Flags.boolean({ summary: 'Cut the connection after the request took effect, instead of the answer.' }),
    hang: Flags.boolean({ summary: 'Never answer.' }),
    drip: Flags.boolean({ summary: 'Answer byte by byte, over 10 s.' }),
    'redirect-loop': Flags.boolean({ summary: 'Redirect to the same address.' }),
    'early-ready': Flags.boolean({ summary: 'Say READY or ACTIVE_HEALTHY before it is.' }),
    quota: Flags.boolean({ summary: 'Answer as if the account’s plan were used up.' }),
    'expire-token': Flags.boolean({ summary: 'Answer as if the token had expired.' }),
  };
  static override effects = { readOnly: false, destructive: false, idempotent: false };

  /** Returns the fault. */
  async run() {
    const { flags } = await this.parse(LocalFaultAdd);
    return this.withApp(
      flags,
      async (app) => {
        const fault = await app.local.addFault(flags);
        this.printed.faults([fault]);
        return fault;
      },
      'if-found',
    );
  }
}
