import { html, type Markup } from './markup.ts';

/** Returns figures as a table that scrolls sideways where it is wider than the page. */
export function figuresTable(names: readonly string[], rows: readonly (readonly string[])[]): Markup {
  return html`<div class="scroll" role="region" aria-label="${names[0]}" tabindex="0">
    <table class="figures">
      <thead>
        <tr>
          ${names.map((name) => html`<th scope="col">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((cell) => html`<td>${cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
