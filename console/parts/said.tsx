import type { Problem } from '../../api/resources.ts';

/** A refusal, whole: what, why, and what to do. */
export function Said({ problem: { title, detail, remedy, errors } }: { readonly problem: Problem }) {
  return (
    <div class="said bad" role="alert">
      <b>{title}</b>
      {detail !== '' && <p>{detail}</p>}
      {(errors ?? []).map(({ path, message }) => (
        <p key={path}>
          {path}: {message}
        </p>
      ))}
      {remedy !== undefined && <p>{remedy}</p>}
    </div>
  );
}
