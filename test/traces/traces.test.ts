import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { spanOfRun, traceContext, within } from '../../domain/trace.ts';
import { areWanted, tracesOf } from '../../traces/traces.ts';
import { importsOf } from '../fences/imports.ts';

const at = 'http://collector.example:4318';

describe('traces are', () => {
  it.each([
    ['where a collector is named', { OTEL_EXPORTER_OTLP_ENDPOINT: at }, true],
    ['where one is named for traces alone', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: at }, true],
    ['not where none is', { OTEL_SERVICE_NAME: 'ferry' }, false],
    ['not where the name is empty', { OTEL_EXPORTER_OTLP_ENDPOINT: '' }, false],
    ['not where OpenTelemetry is switched off', { OTEL_EXPORTER_OTLP_ENDPOINT: at, OTEL_SDK_DISABLED: 'TRUE' }, false],
    ['not where no traces are wanted', { OTEL_EXPORTER_OTLP_ENDPOINT: at, OTEL_TRACES_EXPORTER: 'none' }, false],
  ])('there %s', (_, variables, wanted) => {
    expect(areWanted(variables)).toBe(wanted);
  });

  it('nothing that is loaded where they are not wanted', async () => {
    await expect(tracesOf('ferry', () => undefined, {})).resolves.toBeUndefined();
    const loaded = ['traces/traces.ts', 'traces/told.ts', 'domain/trace.ts', 'workflows/kit/traces.ts'].flatMap(
      (file) => importsOf(file, readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')),
    );
    expect(loaded.filter(({ from, typeOnly }) => from.startsWith('@opentelemetry') && !typeOnly)).toEqual([]);
  });
});

describe('a trace context', () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

  it.each([
    ['nothing', undefined],
    ['a word', 'odd'],
    ['null', null],
    ['no member of it', {}],
    ['a number', { traceparent: 7 }],
    ['a version that is not known', { traceparent: traceparent.replace('00-', '01-') }],
    ['one that is cut off', { traceparent: traceparent.slice(0, 40) }],
  ])('is none where it is %s', (_, sent) => {
    expect(traceContext(sent)).toBeUndefined();
  });

  it('goes on with the run as the parent, as it was sampled, and with what others have added', () => {
    const run = '019d5a3e-7c1b-7def-8123-456789abcdef';
    const begun = traceContext({ traceparent, tracestate: 'rojo=1', baggage: 'user=7' });
    expect(begun).toEqual({ traceparent, tracestate: 'rojo=1' });
    expect(spanOfRun(run)).toBe('8123456789abcdef');
    expect(within(begun ?? { traceparent }, run)).toEqual({
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-8123456789abcdef-01',
      tracestate: 'rojo=1',
    });
  });
});
