import type { Account, Team } from '../state/account.ts'
import type { App, Installation } from '../state/app.ts'
import type { Repository } from '../state/repository.ts'
import { findAccount, findRepository, findTeam, type World } from '../state/world.ts'

/** Finds what an administrator names, or throws with the name. */
export type Find = ReturnType<typeof newFind>

export function newFind(world: World) {
  const there = <T>(found: T | undefined, what: string): T => {
    if (found === undefined) throw new Error(`there is no ${what}`)
    return found
  }
  const account = (login: string): Account => there(findAccount(world, login), `account ${login}`)
  return {
    account,
    /** `name` is `owner/name`. */
    repository: (name: string): Repository => {
      const [owner = '', repo = ''] = name.split('/')
      return there(findRepository(world, owner, repo), `repository ${name}`)
    },
    app: (slug: string): App =>
      there(
        world.apps.values().find((each) => each.slug === slug),
        `App ${slug}`,
      ),
    installation: (id: number): Installation => there(world.installations.get(id), `installation ${id}`),
    team: (org: string, slug: string): Team =>
      there(findTeam(world, account(org).id, slug), `team ${org}/${slug}`),
  }
}
