import { z } from 'zod';
import { Health } from '../../resources.ts';
import type { Table } from '../../serve.ts';

const ofTheProcess = { method: 'get', scope: 'anybody', failures: [] } as const;

/** What anybody may ask of the process itself. */
export const processTable = {
  showLiveness: {
    ...ofTheProcess,
    path: '/health/live',
    summary: 'Does this process answer?',
    answers: { 200: { description: 'It does.', schema: Health } },
    asksTemporal: false,
  },
  showReadiness: {
    ...ofTheProcess,
    path: '/health/ready',
    summary: 'Can it serve: does Temporal answer it, its database where it has one, and is it not shutting down?',
    description: '`workers` tells whether any asks for work: without one relocations are accepted, and wait.',
    answers: { 200: { description: 'It can.', schema: Health } },
    failures: ['CatalogueUnavailable'],
    asksTemporal: true,
  },
  showMetrics: {
    ...ofTheProcess,
    path: '/metrics',
    summary: 'Relocations that have not ended, who polls, and this process: for Prometheus',
    answers: { 200: { description: 'Text of Prometheus, 0.0.4.', media: 'text/plain', schema: z.string() } },
    asksTemporal: false,
  },
  showDescription: {
    ...ofTheProcess,
    path: '/openapi.json',
    summary: 'This description',
    answers: { 200: { description: 'An OpenAPI 3.1 document.', schema: z.looseObject({ openapi: z.string() }) } },
    asksTemporal: false,
  },
} as const satisfies Table;
