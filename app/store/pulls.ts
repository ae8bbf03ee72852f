import { sql } from 'slonik'
import { z } from 'zod'
import type { Store } from '../reconcile/ports/store.ts'
import { at, connectionOf, type Database, json } from './database.ts'
import { decision } from './requests.ts'

type Pulls = Pick<Store, 'pull' | 'savePull' | 'openPullsAt' | 'projection' | 'saveProjection'>

const pullRow = z.object({
  repository: z.number(),
  pull: z.number(),
  headSha: z.string(),
  open: z.boolean(),
  draft: z.boolean(),
  decision,
  lookAt: z.number().exactOptional(),
})

const projectionRow = z.object({
  repository: z.number(),
  pull: z.number(),
  checkId: z.number().exactOptional(),
  checkSha: z.string().exactOptional(),
  checkDigest: z.string().exactOptional(),
  commentId: z.number().exactOptional(),
  commentDigest: z.string().exactOptional(),
  asked: z.array(z.string()),
  mergeTries: z.number().exactOptional(),
  lookAt: z.number().exactOptional(),
})

/** Pull requests as last looked at, and as last shown on GitHub. */
export function pulls(database: Database): Pulls {
  return {
    pull: async (repository, pull) =>
      (
        await database.readable(
          sql.type(pullRow)`select * from pulls where repository = ${repository} and pull = ${pull}`,
          {},
        )
      )[0],

    savePull: async (tx, row) => {
      await connectionOf(tx).query(sql.unsafe`
        insert into pulls (repository, pull, head_sha, open, draft, decision, look_at)
        values (
          ${row.repository}, ${row.pull}, ${row.headSha}, ${row.open}, ${row.draft}, ${json(row.decision)},
          ${at(row.lookAt)}
        )
        on conflict (repository, pull) do update set
          head_sha = excluded.head_sha, open = excluded.open, draft = excluded.draft,
          decision = excluded.decision, look_at = excluded.look_at`)
    },

    openPullsAt: async (repository, headSha) =>
      (
        await database.readable(sql.type(z.object({ pull: z.number() }))`
          select pull from pulls where repository = ${repository} and head_sha = ${headSha} and open
          order by pull`)
      ).map(({ pull }) => pull),

    projection: async (repository, pull) =>
      (
        await database.readable(
          sql.type(projectionRow)`
            select * from projections where repository = ${repository} and pull = ${pull}`,
          { asked: [] },
        )
      )[0],

    saveProjection: async (row) => {
      await database.run.query(sql.unsafe`
        insert into projections
          (repository, pull, check_id, check_sha, check_digest, comment_id, comment_digest, asked, merge_tries,
          look_at)
        values (
          ${row.repository}, ${row.pull}, ${row.checkId ?? null}, ${row.checkSha ?? null},
          ${row.checkDigest ?? null}, ${row.commentId ?? null}, ${row.commentDigest ?? null},
          ${sql.array([...row.asked], 'text')}, ${row.mergeTries ?? null}, ${at(row.lookAt)}
        )
        on conflict (repository, pull) do update set
          check_id = excluded.check_id, check_sha = excluded.check_sha, check_digest = excluded.check_digest,
          comment_id = excluded.comment_id, comment_digest = excluded.comment_digest, asked = excluded.asked,
          merge_tries = excluded.merge_tries, look_at = excluded.look_at`)
    },
  }
}
