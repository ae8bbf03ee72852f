import type { components } from '@octokit/openapi-types'
import { mayAccess, need } from '../access.ts'
import {
  accountNamed,
  type Call,
  callerOf,
  created,
  get,
  noContent,
  ok,
  post,
  put,
  type Route,
  remove,
  repositoryIn,
} from '../call.ts'
import { addRepository } from '../change/repository.ts'
import { custom, GitHubError, notFound } from '../errors.ts'
import { readCommit } from '../git-objects.ts'
import { page } from '../page.ts'
import { commitShape } from '../shapes/commit.ts'
import { fullRepository, permissionFlags, repositoryApi } from '../shapes/repository.ts'
import { teamShape } from '../shapes/team.ts'
import { iso, nodeId } from '../shapes/time.ts'
import { userById } from '../shapes/user.ts'
import type { Role } from '../state/account.ts'
import type { Protection, Repository } from '../state/repository.ts'
import { findRepository, isCollaborator, roleOn } from '../state/world.ts'

const metadata = need('metadata', 'read')

/** What the older `permission` field calls a role. */
const COARSE = {
  none: 'none',
  read: 'read',
  triage: 'read',
  write: 'write',
  maintain: 'write',
  admin: 'admin',
} as const
/** What teams and invitations call a role. */
const INVITED: Record<string, Role> = {
  pull: 'read',
  triage: 'triage',
  push: 'write',
  maintain: 'maintain',
  admin: 'admin',
}

/** GitHub calls the roles of a collaborator after the verbs of Git. */
const verb = (role: Role) => (role === 'read' ? 'pull' : role === 'write' ? 'push' : role)

function collaboratorShape(call: Call, repository: Repository, id: number) {
  const role = roleOn(call.world, repository, id)
  return {
    ...userById(call.world, id),
    permissions: permissionFlags(role),
    role_name: role,
  } satisfies components['schemas']['collaborator']
}

function permission(call: Call) {
  const repository = repositoryIn(call, need('metadata', 'read', 'write'))
  const account = accountNamed(call.world, call.param('username'))
  const role = roleOn(call.world, repository, account.id)
  return ok({
    permission: COARSE[role],
    role_name: role,
    user: collaboratorShape(call, repository, account.id),
  } satisfies components['schemas']['repository-collaborator-permission'])
}

function collaborators(call: Call) {
  const repository = repositoryIn(call, need('metadata', 'read', 'write'))
  const people = call.world.accounts
    .values()
    .filter(
      (account) =>
        account.type === 'User' && !account.removed && isCollaborator(call.world, repository, account.id),
    )
    .toArray()
  return page(call, people, (account) => collaboratorShape(call, repository, account.id))
}

function invite(call: Call) {
  const repository = repositoryIn(call, need('administration', 'write', 'admin'))
  const account = accountNamed(call.world, call.param('username'))
  const role = INVITED[call.body.textOr('permission', 'push')]
  if (!role) throw new GitHubError(422, 'Invalid permission')
  repository.collaborators.set(account.id, role)
  return noContent
}

async function branchShape(call: Call, repository: Repository, name: string, sha: string) {
  const commit = await readCommit(repository.objects, sha)
  const protection = repository.protections.get(name)
  const url = `${repositoryApi(call.world, repository)}/branches/${encodeURIComponent(name)}`
  return {
    name,
    commit: commit && commitShape(call.world, repository, commit),
    _links: {
      self: url,
      html: `${call.world.url}/${call.param('owner')}/${call.param('repo')}/tree/${name}`,
    },
    protected: protection !== undefined,
    protection: {
      enabled: protection !== undefined,
      required_status_checks: {
        enforcement_level: protection ? (protection.enforceAdmins ? 'everyone' : 'non_admins') : 'off',
        contexts: (protection?.requiredChecks ?? []).map((check) => check.context),
        checks: (protection?.requiredChecks ?? []).map((check) => ({
          context: check.context,
          app_id: check.appId,
        })),
      },
    },
    protection_url: `${url}/protection`,
  }
}

function branches(call: Call) {
  const repository = repositoryIn(call, need('contents', 'read'))
  const only = call.url.searchParams.get('protected')
  const heads = [...repository.refs]
    .filter(([ref]) => ref.startsWith('refs/heads/'))
    .map(([ref, sha]) => ({ name: ref.slice('refs/heads/'.length), sha }))
    .filter(({ name }) => only === null || String(repository.protections.has(name)) === only)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  return page(call, heads, ({ name, sha }) => ({
    name,
    commit: { sha, url: `${repositoryApi(call.world, repository)}/commits/${sha}` },
    protected: repository.protections.has(name),
  }))
}

function protectionShape(url: string, protection: Protection) {
  const enabled = (on: boolean) => ({ enabled: on })
  return {
    url,
    required_status_checks: {
      url: `${url}/required_status_checks`,
      strict: protection.strict,
      contexts: protection.requiredChecks.map((check) => check.context),
      contexts_url: `${url}/required_status_checks/contexts`,
      checks: protection.requiredChecks.map((check) => ({ context: check.context, app_id: check.appId })),
    },
    ...(protection.requiredReviews > 0
      ? {
          required_pull_request_reviews: {
            url: `${url}/required_pull_request_reviews`,
            dismiss_stale_reviews: protection.dismissStale,
            require_code_owner_reviews: false,
            require_last_push_approval: false,
            required_approving_review_count: protection.requiredReviews,
          },
        }
      : {}),
    required_signatures: { url: `${url}/required_signatures`, enabled: false },
    enforce_admins: { url: `${url}/enforce_admins`, enabled: protection.enforceAdmins },
    required_linear_history: enabled(false),
    allow_force_pushes: enabled(protection.allowForcePushes),
    allow_deletions: enabled(false),
    block_creations: enabled(false),
    required_conversation_resolution: enabled(false),
    lock_branch: enabled(false),
    allow_fork_syncing: enabled(false),
  }
}

function protection(call: Call) {
  const repository = repositoryIn(call, need('administration', 'read', 'admin'))
  const branch = call.param('branch')
  const rules = repository.protections.get(branch)
  if (!rules) throw new GitHubError(404, 'Branch not protected')
  return ok(protectionShape(`${repositoryApi(call.world, repository)}/branches/${branch}/protection`, rules))
}

function activity(call: Call) {
  const repository = repositoryIn(call, need('contents', 'read'))
  const query = call.url.searchParams
  const [ref, actor, type] = [query.get('ref'), query.get('actor'), query.get('activity_type')]
  const wanted = repository.activities
    .filter((each) => ref === null || each.ref === ref || each.ref === `refs/heads/${ref}`)
    .filter((each) => actor === null || userById(call.world, each.actorId).login === actor)
    .filter((each) => type === null || each.type === type)
  const ordered = query.get('direction') === 'asc' ? [...wanted].reverse() : wanted
  // https://docs.github.com/en/rest/repos/repos#list-repository-activities: pages are cursors of activity ids.
  const perPage = Math.min(Math.max(Number(query.get('per_page') ?? 30) || 30, 1), 100)
  const start = query.has('after')
    ? ordered.findIndex((each) => `v1_${each.id}` === query.get('after')) + 1
    : 0
  const shown = ordered.slice(start, start + perPage)
  const last = shown.at(-1)
  const next = new URL(call.url)
  if (last) next.searchParams.set('after', `v1_${last.id}`)
  return {
    status: 200,
    body: shown.map((each) => ({
      id: each.id,
      node_id: nodeId('PSH', each.id),
      before: each.before,
      after: each.after,
      ref: each.ref,
      timestamp: iso(each.at),
      activity_type: each.type,
      actor: userById(call.world, each.actorId),
    })),
    headers: start + perPage < ordered.length ? { link: `<${next}>; rel="next"` } : {},
  }
}

async function createFor(call: Call, ownerId: number) {
  const name = call.body.text('name')
  if (call.world.repositories.values().some((each) => each.ownerId === ownerId && each.name === name))
    throw custom('Repository', 'name already exists on this account', 'name')
  const files = call.body.flagOr('auto_init', false) ? { files: { 'README.md': `# ${name}\n` } } : {}
  const made = await addRepository(call.world, {
    ownerId,
    name,
    private: call.body.flagOr('private', false),
    ...files,
  })
  return created(fullRepository(call.world, made, call.actor))
}

export const repositoryRoutes: readonly Route[] = [
  get('/repos/{owner}/{repo}', (call) =>
    ok(fullRepository(call.world, repositoryIn(call, metadata), call.actor)),
  ),
  post('/user/repos', (call) => createFor(call, callerOf(call).id)),
  get('/user/repos', (call) => {
    const id = callerOf(call).id
    const mine = call.world.repositories.values().filter((each) => isCollaborator(call.world, each, id))
    return page(call, mine.toArray(), (each) => fullRepository(call.world, each, call.actor))
  }),
  get('/orgs/{org}/repos', (call) => {
    const owner = accountNamed(call.world, call.param('org'))
    const visible = call.world.repositories
      .values()
      .filter((each) => each.ownerId === owner.id && mayAccess(call.world, call.actor, each, metadata))
    return page(call, visible.toArray(), (each) => fullRepository(call.world, each, call.actor))
  }),
  post('/repos/{owner}/{repo}/forks', async (call) => {
    const from = repositoryIn(call, need('contents', 'read'))
    const ownerId = callerOf(call).id
    const twin = findRepository(call.world, userById(call.world, ownerId).login, from.name)
    const fork =
      twin ??
      (await addRepository(
        call.world,
        { ownerId, name: from.name, private: from.private, defaultBranch: from.defaultBranch },
        from,
      ))
    return { status: 202, body: fullRepository(call.world, fork, call.actor) }
  }),
  get('/repos/{owner}/{repo}/collaborators', collaborators),
  get('/repos/{owner}/{repo}/collaborators/{username}', (call) => {
    const repository = repositoryIn(call, need('metadata', 'read', 'write'))
    const account = accountNamed(call.world, call.param('username'))
    if (!isCollaborator(call.world, repository, account.id)) throw notFound()
    return noContent
  }),
  put('/repos/{owner}/{repo}/collaborators/{username}', invite),
  remove('/repos/{owner}/{repo}/collaborators/{username}', (call) => {
    const repository = repositoryIn(call, need('administration', 'write', 'admin'))
    repository.collaborators.delete(accountNamed(call.world, call.param('username')).id)
    return noContent
  }),
  get('/repos/{owner}/{repo}/collaborators/{username}/permission', permission),
  get('/repos/{owner}/{repo}/teams', (call) => {
    const repository = repositoryIn(call, need('administration', 'read', 'admin'))
    const teams = call.world.teams.values().filter((team) => team.repositories.has(repository.id))
    return page(call, teams.toArray(), (team) => ({
      ...teamShape(call.world, team),
      permission: verb(team.repositories.get(repository.id) ?? 'read'),
    }))
  }),
  get('/repos/{owner}/{repo}/branches', branches),
  get('/repos/{owner}/{repo}/branches/{branch}', async (call) => {
    const repository = repositoryIn(call, need('contents', 'read'))
    const sha = repository.refs.get(`refs/heads/${call.param('branch')}`)
    if (sha === undefined) throw new GitHubError(404, 'Branch not found')
    return ok(await branchShape(call, repository, call.param('branch'), sha))
  }),
  get('/repos/{owner}/{repo}/branches/{branch}/protection', protection),
  // Rulesets are not covered by this GitHub: none apply.
  get('/repos/{owner}/{repo}/rules/branches/{branch}', (call) => {
    repositoryIn(call, metadata)
    return ok([])
  }),
  get('/repos/{owner}/{repo}/activity', activity),
]
