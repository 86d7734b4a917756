import { setCurrentDetails } from '@temporalio/workflow';
import { titleOf } from '../../domain/question.ts';
import type { Discovery } from '../../domain/wish.ts';
import type { DiscoveryOrder } from '../messages.ts';
import { findingAt } from './steps.ts';

/** A question to the federation. What is found goes into the catalogue; the history holds names and counts. */
export async function found({ query, digest, pace }: DiscoveryOrder): Promise<Discovery> {
  const { lookInCatalogue, formFederations, askPartners } = findingAt(pace);
  const tell = (doing: string): void => setCurrentDetails(`Looks for **${titleOf(query)}**: ${doing}.`);

  // 1. What is known here: our own systems, then what partners have told (6.5.3 step 6)
  tell('looks in the catalogue');
  const { found: known, fresh, joinable } = await lookInCatalogue({ query, digest });
  if (fresh !== null) return { found: known, complete: fresh.complete, asked: [] };

  // 2. Nobody known has it: partners that are joined on a miss (6.5.2 step 4, 6.5.3 step 7)
  if (joinable.length > 0) {
    tell(`joins ${joinable.join(', ')}`);
    await formFederations({ partners: joinable });
  }

  // 3. The partners, all at once (6.3.2, 6.4.3, 6.5.3 steps 8 to 10)
  tell('asks the partners');
  const discovery = await askPartners({ query, digest });
  tell(sentence(discovery));
  return discovery;
}

const sentence = ({ found: count, complete, asked }: Discovery): string =>
  [
    `found ${count}${complete ? '' : ', perhaps not all'}`,
    ...asked.map(({ partner, said, found: told }) => `${partner} ${said === 'answered' ? `told of ${told}` : said}`),
  ].join('; ');
