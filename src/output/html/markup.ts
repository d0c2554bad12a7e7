import { escapeControl } from '../../core/redaction.ts';

/** A piece of HTML that is safe as it is. Only `html`, `joined` and `trusted` make one. */
export interface Markup {
  readonly markup: string;
}

/** What may stand in a template: texts and numbers are escaped, markup is not, nothing for null, undefined and false. */
export type Slot = string | number | Markup | readonly Markup[] | null | undefined | false;

/** Template tag: returns HTML in which every text that is put in is escaped. */
export function html(parts: TemplateStringsArray, ...slots: readonly Slot[]): Markup {
  return { markup: parts.map((part, at) => (at === 0 ? part : slotText(slots[at - 1]) + part)).join('') };
}

/** Returns text of ours (styles, a chart) as markup; never call it with data. */
export function trusted(markup: string): Markup {
  return { markup };
}

/** Returns text for an element or a quoted attribute; control characters are made visible. */
export function escapeHtml(text: string): string {
  return escapeControl(text).replaceAll(/[&<>"'`]/g, (char) => `&#${char.charCodeAt(0)};`);
}

function slotText(slot: Slot): string {
  if (slot === null || slot === undefined || slot === false) return '';
  if (typeof slot === 'string') return escapeHtml(slot);
  if (typeof slot === 'number') return String(slot);
  return 'markup' in slot ? slot.markup : slot.map((each) => each.markup).join('\n');
}
