import { z } from 'zod';
import type { NoticeState } from '../../core/notify/notice.ts';
import type { Session } from './session.ts';
import { ensureStateSchema } from './state-schema.ts';
import { repeatable, type Transactions } from './transactions.ts';

/** What is kept of an environment's messages, as it is stored. */
export const noticeStateSchema = z.object({
  at: z.iso.datetime(),
  red: z.array(z.string()),
  thread: z.object({ release: z.string(), channel: z.string(), id: z.string() }).nullable(),
}) satisfies z.ZodType<NoticeState>;

/** Returns what `jv_staging.notices` holds of an environment; a row that cannot be read is as good as none. */
export async function readNoticeState(session: Session, environment: string): Promise<NoticeState | undefined> {
  const [there] = await session.query((sql) => sql<{ is: boolean }[]>`select to_regclass('jv_staging.notices') is not null as is`);
  if (there?.is !== true) return undefined;
  const [row] = await session.query(
    (sql) => sql<{ state: unknown }[]>`select state from jv_staging.notices where environment = ${environment}`,
  );
  return noticeStateSchema.safeParse(row?.state).data;
}

/** Replaces what is kept of an environment's messages. */
export async function keepNoticeState(
  transactions: Transactions,
  { environment, state }: { readonly environment: string; readonly state: NoticeState },
  signal: AbortSignal,
): Promise<void> {
  const work = async (session: Session) => {
    await ensureStateSchema(session);
    await session.query(
      (sql) => sql`insert into jv_staging.notices (environment, state) values (${environment}, ${JSON.stringify(state)}::text::jsonb)
        on conflict (environment) do update set state = excluded.state`,
    );
  };
  await transactions.run(signal, work, repeatable);
}
