import { failure } from '../failure.ts';
import { Context } from '@temporalio/activity';
import type { Means } from '../relocation/subject.ts';

export const marking = ({ anchors }: Pick<Means, 'anchors'>) => ({
  /** Ends when the index shows no anchor of the application; until then, NotYet. */
  awaitNoAnchor: async ({ application }: { readonly application: string }): Promise<void> => {
    if ((await anchors?.anyOf(application, Context.current().cancellationSignal)) === true)
      throw failure('NotYet', `anchors of ${application} stand`);
  },
});
