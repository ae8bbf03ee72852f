import { announce } from '../change/announce.ts'
import { leave } from '../change/app.ts'
import { renameRepository } from '../change/rename.ts'
import { addRepository } from '../change/repository.ts'
import { teamPayload } from '../shapes/team.ts'
import type { Role } from '../state/account.ts'
import type { MergeQueueRule } from '../state/merge-queue.ts'
import { branchSha, closeRepository, type Protection } from '../state/repository.ts'
import { accountOf, findRepository, type World } from '../state/world.ts'
import type { Find } from './find.ts'

/** Repositories and what people may do with them. */
export function repositoryAdmin(world: World, find: Find) {
  return {
    /** Private unless told. `files`: path → text of the first commit, whose id is `head`. */
    async createRepository(order: {
      owner: string
      name: string
      private?: boolean
      files?: Readonly<Record<string, string>>
      defaultBranch?: string
      id?: number
    }): Promise<{ id: number; cloneUrl: string; gitDir: string; head: string | null }> {
      const { owner, ...rest } = order
      const made = await addRepository(world, { ...rest, ownerId: find.account(owner).id })
      const head = branchSha(made, made.defaultBranch) ?? null
      return { id: made.id, cloneUrl: `${world.url}/${owner}/${made.name}.git`, gitDir: made.gitDir, head }
    },
    async forkRepository(repo: string, owner: string): Promise<{ id: number; cloneUrl: string }> {
      const from = find.repository(repo)
      const { name, defaultBranch } = from
      const order = { ownerId: find.account(owner).id, name, private: from.private, defaultBranch }
      const made = await addRepository(world, order, from)
      return { id: made.id, cloneUrl: `${world.url}/${owner}/${name}.git` }
    },
    /** Gives the repository another name or owner; see {@link renameRepository}. */
    async renameRepository(repo: string, to: string): Promise<void> {
      const renamed = find.repository(repo)
      const [owner = '', name = ''] = to.split('/')
      if (findRepository(world, owner, name)) throw new Error(`${to} is taken`)
      await renameRepository(world, renamed, { ownerId: find.account(owner).id, name })
    },
    async removeRepository(repo: string): Promise<void> {
      const gone = find.repository(repo)
      for (const installation of world.installations.values()) leave(world, installation, gone)
      world.repositories.delete(gone.id)
      await closeRepository(gone)
    },
    setPermission(repo: string, login: string, role: Role): void {
      const { collaborators } = find.repository(repo)
      if (role === 'none') collaborators.delete(find.account(login).id)
      else collaborators.set(find.account(login).id, role)
    },
    /** The team is one of the organisation that owns the repository. */
    async setTeamPermission(repo: string, slug: string, role: Role): Promise<void> {
      const repository = find.repository(repo)
      const team = find.team(accountOf(world, repository.ownerId).login, slug)
      const known = team.repositories.has(repository.id)
      if (role === 'none') team.repositories.delete(repository.id)
      else team.repositories.set(repository.id, role)
      if (known === (role !== 'none')) return
      const action = known ? 'removed_from_repository' : 'added_to_repository'
      await announce(world, repository, repository.ownerId, 'team', action, () => ({
        team: teamPayload(world, team),
      }))
    },
    /** `appId` absent or null: the check may come from anybody. */
    protectBranch(
      repo: string,
      branch: string,
      protection: Partial<Omit<Protection, 'requiredChecks' | 'mergeQueue'>> & {
        requiredChecks?: readonly { context: string; appId?: number | null }[]
        /** Every pull request waits its turn in a merge queue. Absent: none. */
        mergeQueue?: Partial<MergeQueueRule>
      },
    ): void {
      const { mergeQueue, ...rest } = protection
      const requiredChecks = (protection.requiredChecks ?? []).map((check) => ({ appId: null, ...check }))
      find.repository(repo).protections.set(branch, {
        strict: false,
        requiredReviews: 0,
        dismissStale: false,
        enforceAdmins: false,
        allowForcePushes: false,
        ...rest,
        requiredChecks,
        mergeQueue: mergeQueue ? { method: 'merge', groupSize: 1, minimum: 1, ...mergeQueue } : null,
      })
    },
    unprotectBranch(repo: string, branch: string): void {
      find.repository(repo).protections.delete(branch)
    },
  }
}
