import { z } from 'zod';

/** What an application has to do with its platform, and with nobody else (MEC 011). */

const CALL_MS = 2_000;

const Services = z.array(
  z.looseObject({
    serInstanceId: z.string(),
    serName: z.string(),
    state: z.string(),
    transportInfo: z.looseObject({ endpoint: z.looseObject({ uris: z.array(z.string()).default([]) }) }).optional(),
  }),
);

/** Where a service of that name is called now; undefined: there is none. */
export async function serviceAt(platform: string, name: string): Promise<string | undefined> {
  const answer = await asked('GET', `${platform}/mec_service_mgmt/v1/services?ser_name=${encodeURIComponent(name)}`);
  const services = Services.parse(answer);
  return services.find(({ state }) => state === 'ACTIVE')?.transportInfo?.endpoint.uris[0];
}

/** Is there, and offers a service; once it is known it is not told again. */
export async function offer(platform: string, instance: string, name: string, uri: string): Promise<void> {
  const own = `${platform}/mec_service_mgmt/v1/applications/${instance}/services`;
  const known = Services.parse(await asked('GET', own));
  if (known.some(({ serName }) => serName === name)) return;
  await asked('POST', `${platform}/mec_app_support/v1/applications/${instance}/confirm_ready`, { indication: 'READY' });
  await asked('POST', own, {
    serName: name,
    version: '1.0',
    state: 'ACTIVE',
    serializer: 'JSON',
    scopeOfLocality: 'MEC_SYSTEM',
    consumedLocalOnly: false,
    isLocal: true,
    transportInfo: {
      id: 'rest',
      name: 'REST',
      type: 'REST_HTTP',
      protocol: 'HTTP',
      version: '1.1',
      endpoint: { uris: [uri] },
      security: {},
    },
  });
}

async function asked(method: string, url: string, body?: object): Promise<unknown> {
  const answer = await fetch(url, {
    method,
    signal: AbortSignal.timeout(CALL_MS),
    ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${url} answered ${answer.status}: ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
