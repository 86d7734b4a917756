import { gzipSync } from 'node:zlib';
import { type Call, changeHeaders } from './call.ts';
import type { QuirkName } from './table.ts';

/** Quirks of headers and of how an answer is coded. */
export const headers: Partial<Record<QuirkName, (call: Call) => void>> = {
  weakTags: ({ res }) => changeTag(res, (tag) => `W/${tag}`),

  bareTags: ({ req, res }) => {
    const wanted = req.get('if-match');
    if (wanted !== undefined && /^[^"*,]+$/.test(wanted)) req.headers['if-match'] = `"${wanted.trim()}"`;
    changeTag(res, (tag) => tag.replaceAll('"', ''));
  },

  /** Who says nothing of codings takes any (RFC 9110, 12.5.3). */
  gzip: ({ req, res }) => {
    const accepted = req.get('accept-encoding');
    if (accepted !== undefined && !/gzip|\*/.test(accepted)) return;
    const send = res.send.bind(res);
    res.send = (body: unknown) => {
      if (typeof body !== 'string' && !Buffer.isBuffer(body)) return send(body);
      res.send = send;
      res.setHeader('Content-Encoding', 'gzip');
      return send(gzipSync(body));
    };
  },
};

function changeTag(res: Call['res'], change: (tag: string) => string): void {
  changeHeaders(res, () => {
    const tag = res.getHeader('etag');
    if (typeof tag === 'string') res.setHeader('ETag', change(tag));
  });
}
