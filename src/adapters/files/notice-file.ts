import type { NoticeState } from '../../core/notify/notice.ts';
import { noticeStateSchema } from '../postgres/notices.ts';
import { readJsonFile, writeJsonFile } from './json-file.ts';

/** Where this machine keeps what people were last told, for runs that do not come as far as the environment's database. */
export interface NoticeFile {
  read(): Promise<NoticeState | undefined>;
  write(state: NoticeState): Promise<void>;
}

/** Returns the file at `path`. Throws `STATE_DAMAGED`, `STATE_NOT_WRITABLE` (kind `missing`). */
export function noticeFile(path: string): NoticeFile {
  return {
    read: () => readJsonFile(path, noticeStateSchema),
    write: (state) => writeJsonFile(path, state),
  };
}
