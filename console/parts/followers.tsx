import type { Follower } from '../../api/follower.ts';

/** Applications that go after their users' devices: where each is, and where its user is served. */
export function Followers({ followers }: { readonly followers: readonly Follower[] }) {
  if (followers.length === 0) return null;
  return (
    <section class="card followers" aria-label="Followers">
      <h2>
        Followers <em>{followers.length}</em>
      </h2>
      <ul>
        {followers.map(({ id, request, network, site, moves, trouble }) => (
          <li key={id}>
            <b>
              {request.application} follows {request.user}
            </b>
            <small>
              {network === null ? 'nobody sees the device' : `in ${network}`}
              {site !== null && `, served at ${site}`}
              {moves !== null && moves > 0 && `; ${moves === 1 ? 'one move' : `${moves} moves`}`}
            </small>
            {trouble !== null && <small class="failure">{trouble}</small>}
          </li>
        ))}
      </ul>
    </section>
  );
}
