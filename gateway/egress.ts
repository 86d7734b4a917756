import { callbackTo } from '../catalogue/callbacks.ts';
import type { Path } from '../catalogue/paths.ts';
import { HttpRefusal } from '../doors/refusal.ts';
import { callbackMembers, callbackPath, PROBE } from '../protocols/mpp/path.ts';
import { notified, subscribers } from './callbacks.ts';
import { mistakeInTarget } from './inside.ts';
import { innerBase, type Means, usedBase } from './means.ts';
import type { Passage } from './passage.ts';
import { passing } from './passing.ts';
import { refusedHere } from './refusals.ts';
import type { Handler } from './served.ts';
import { below, malformed, targetBelow } from './target.ts';

/** From an application of ours to the partner's gateway: `/s/{secret}/…`. */
export const egress =
  (means: Means): Handler =>
  async (req, res, found, [, secret = '', rest = '']) => {
    const { path, verdict } = await means.verdicts.of({ secret });
    found.partner = path?.partner ?? found.partner;
    const target = targetBelow(rest);
    const probing = verdict === 'opening' && target.path === PROBE;
    if (path === undefined || (verdict !== 'open' && !probing))
      throw refusedHere(verdict === 'open' ? 'absent' : verdict);
    await passing(means, req, res, {
      ...outward(means, path),
      asked: below(usedBase(means, path), target),
      target,
    });
  };

function outward(means: Means, path: Path): Omit<Passage, 'asked' | 'target'> {
  const { catalogue, configuration, own, isInside } = means;
  const [here, there] = [innerBase(means, path), usedBase(means, path)];
  return {
    path,
    credentials: means.credentials(path.partner),
    refusedThere: () => means.poke(path.partner),
    asks: async (strings) => {
      const whole = new Map<string, string>();
      for (const target of subscribers(strings)) {
        const mistake = mistakeInTarget(configuration, path, target);
        if (mistake !== undefined) throw malformed(`${callbackMembers.join(', ')}: the value ${mistake}`);
        const callback = await callbackTo(catalogue, { binding: path.id, target });
        if (callback === undefined) throw tooManyCallbacks();
        whole.set(target, `${own.outer}${callbackPath(callback.id)}`);
      }
      return { from: here, to: there, whole, hides: isInside };
    },
    answers: async (strings) => ({
      from: there,
      to: here,
      whole: await notified(catalogue, path, `${own.outer}${callbackPath('')}`, strings),
      hides: isInside,
    }),
  };
}

export const tooManyCallbacks = (): HttpRefusal =>
  new HttpRefusal(429, 'too many addresses are notified by this service', 'Use those that are known.', {
    'retry-after': '60',
  });
