import { WorkflowClient } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { expect, it } from 'vitest';
import {
  encodeSearchAttributeIndexedValueType,
  executionInfoFromRaw,
  historyToJSON,
  type InternalWorkflowStartOptions,
  InternalWorkflowStartOptionsSymbol,
  msNumberToTs,
  optionalTsToDate,
} from '../../temporal/internals.ts';

it('a start takes a request id under this symbol', async () => {
  const asked: { requestId?: string }[] = [];
  const connection = {
    workflowService: {
      startWorkflowExecution: async (request: { requestId?: string }) => {
        asked.push(request);
        return { runId: 'run' };
      },
    },
  } as never;
  const options: InternalWorkflowStartOptions = {
    workflowId: 'relocation:1',
    taskQueue: 'ferry',
    [InternalWorkflowStartOptionsSymbol]: { requestId: 'of the key' },
  };
  await new WorkflowClient({ connection }).start('relocateApplication', options);
  expect(asked.map(({ requestId }) => requestId)).toEqual(['of the key']);
});

it('a raw execution of visibility becomes what the client lists', async () => {
  const raw = {
    execution: { workflowId: 'relocation:1', runId: 'run' },
    type: { name: 'relocateApplication' },
    taskQueue: 'ferry',
    status: 1,
    startTime: msNumberToTs(1_000),
    historyLength: msNumberToTs(65_000).seconds ?? null,
  };
  expect(await executionInfoFromRaw(raw, defaultPayloadConverter as never, undefined, 'default')).toMatchObject({
    workflowId: 'relocation:1',
    runId: 'run',
    type: 'relocateApplication',
    status: { name: 'RUNNING' },
    startTime: new Date(1_000),
    historyLength: 65,
  });
});

it('times go to the server and back', () => {
  expect(optionalTsToDate(msNumberToTs(1_234))).toEqual(new Date(1_234));
  expect(optionalTsToDate(null)).toBeUndefined();
});

it('types of search attributes are the numbers of the protocol', () => {
  expect(encodeSearchAttributeIndexedValueType('KEYWORD')).toBe(2);
});

it('a history is written as a replay reads it', () => {
  const events = [{ eventId: 1 as never, eventTime: msNumberToTs(1_000), eventType: 1 }];
  expect(JSON.parse(historyToJSON({ events }))).toEqual({
    events: [{ eventId: '1', eventTime: '1970-01-01T00:00:01Z', eventType: 'EVENT_TYPE_WORKFLOW_EXECUTION_STARTED' }],
  });
});
