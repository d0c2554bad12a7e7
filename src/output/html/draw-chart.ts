import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, MarkLineComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

import { type Chart, chartColors, type ChartDrawer, type ChartSize } from './chart.ts';
import { html, type Markup, trusted } from './markup.ts';

const wideWidth = 880;
const narrowWidth = 340;

/** Returns the drawer of charts. Import this file only when there is a chart to draw: the charting library is big. */
export function createChartDrawer(): ChartDrawer {
  use([BarChart, LineChart, GridComponent, MarkLineComponent, SVGRenderer]);
  const draw = (chart: Chart, size: ChartSize): Markup => {
    const drawing = init(null, null, { renderer: 'svg', ssr: true, width: size.width, height: size.height });
    drawing.setOption({ ...commonOption, ...chart.option(size) });
    const svg = drawing.renderToSVGString();
    drawing.dispose();
    return trusted(svg.replace('<svg ', '<svg aria-hidden="true" focusable="false" '));
  };
  return (chart) => {
    const narrowHeight = Math.round(chart.height * 0.85);
    return html`<figure class="chart">
      <figcaption><strong>${chart.title}</strong> <span>${chart.description}</span></figcaption>
      ${legendOf(chart)}
      <div class="drawing" role="img" aria-label="${`${chart.title}: ${chart.description}`}">
        <div class="wide">${draw(chart, { width: wideWidth, height: chart.height, narrow: false })}</div>
        <div class="narrow">${draw(chart, { width: narrowWidth, height: narrowHeight, narrow: true })}</div>
      </div>
    </figure>`;
  };
}

function legendOf({ legend }: Chart): Markup | null {
  if (legend.length === 0) return null;
  const entries = legend.map(({ name, color }) => html`<li><span class="swatch" style="background: ${color}"></span>${name}</li>`);
  return html`<ul class="legend" aria-hidden="true">
    ${entries}
  </ul>`;
}

const commonOption = {
  animation: false,
  backgroundColor: 'transparent',
  textStyle: { fontFamily: 'system-ui, sans-serif', fontSize: 12, color: chartColors.mute },
  emphasis: { disabled: true },
};
