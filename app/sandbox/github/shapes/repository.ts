import type { components } from '@octokit/openapi-types'
import type { Actor } from '../actor.ts'
import { atLeast, type Role } from '../state/account.ts'
import type { Repository } from '../state/repository.ts'
import { accountOf, fullName, roleOn, type World } from '../state/world.ts'
import { iso, nodeId } from './time.ts'
import { userById } from './user.ts'

/** A repository's own address in the API. */
export function repositoryApi(world: World, repository: Repository): string {
  return `${world.url}/api/v3/repos/${fullName(world, repository)}`
}

/** A repository's own page. */
export function repositoryPage(world: World, repository: Repository): string {
  return `${world.url}/${fullName(world, repository)}`
}

/** A repository, the same in webhooks and in the API. */
export function repositoryShape(world: World, repository: Repository) {
  const api = repositoryApi(world, repository)
  const html = repositoryPage(world, repository)
  const open = repository.issues
    .values()
    .filter((issue) => issue.state === 'open')
    .toArray().length
  const known = {
    id: repository.id,
    node_id: nodeId('R', repository.id),
    name: repository.name,
    full_name: fullName(world, repository),
    private: repository.private,
    owner: userById(world, repository.ownerId),
    html_url: html,
    description: null as string | null,
    fork: repository.forkOf !== null,
    url: api,
    forks_url: `${api}/forks`,
    keys_url: `${api}/keys{/key_id}`,
    collaborators_url: `${api}/collaborators{/collaborator}`,
    teams_url: `${api}/teams`,
    hooks_url: `${api}/hooks`,
    issue_events_url: `${api}/issues/events{/number}`,
    events_url: `${api}/events`,
    assignees_url: `${api}/assignees{/user}`,
    branches_url: `${api}/branches{/branch}`,
    tags_url: `${api}/tags`,
    blobs_url: `${api}/git/blobs{/sha}`,
    git_tags_url: `${api}/git/tags{/sha}`,
    git_refs_url: `${api}/git/refs{/sha}`,
    trees_url: `${api}/git/trees{/sha}`,
    statuses_url: `${api}/statuses/{sha}`,
    languages_url: `${api}/languages`,
    stargazers_url: `${api}/stargazers`,
    contributors_url: `${api}/contributors`,
    subscribers_url: `${api}/subscribers`,
    subscription_url: `${api}/subscription`,
    commits_url: `${api}/commits{/sha}`,
    git_commits_url: `${api}/git/commits{/sha}`,
    comments_url: `${api}/comments{/number}`,
    issue_comment_url: `${api}/issues/comments{/number}`,
    contents_url: `${api}/contents/{+path}`,
    compare_url: `${api}/compare/{base}...{head}`,
    merges_url: `${api}/merges`,
    archive_url: `${api}/{archive_format}{/ref}`,
    downloads_url: `${api}/downloads`,
    issues_url: `${api}/issues{/number}`,
    pulls_url: `${api}/pulls{/number}`,
    milestones_url: `${api}/milestones{/number}`,
    notifications_url: `${api}/notifications{?since,all,participating}`,
    labels_url: `${api}/labels{/name}`,
    releases_url: `${api}/releases{/id}`,
    deployments_url: `${api}/deployments`,
    created_at: iso(repository.createdAt),
    updated_at: iso(repository.pushedAt),
    pushed_at: iso(repository.pushedAt),
    git_url: html.replace(/^https?:/, 'git:').concat('.git'),
    ssh_url: `git@${new URL(world.url).hostname}:${fullName(world, repository)}.git`,
    clone_url: `${html}.git`,
    svn_url: html,
    homepage: null as string | null,
    size: 0,
    stargazers_count: 0,
    watchers_count: 0,
    language: null as string | null,
    has_issues: true,
    has_projects: false,
    has_downloads: true,
    has_wiki: false,
    has_pages: false,
    has_discussions: false,
    forks_count: 0,
    mirror_url: null as string | null,
    archived: false,
    disabled: false,
    open_issues_count: open,
    license: null,
    allow_forking: true,
    is_template: false,
    web_commit_signoff_required: false,
    topics: [] as string[],
    visibility: repository.private ? 'private' : 'public',
    forks: 0,
    open_issues: open,
    watchers: 0,
    default_branch: repository.defaultBranch,
  } satisfies components['schemas']['repository']
  return { ...known, custom_properties: {} }
}

/** The few fields of a repository in installation events. */
export function repositoryStub(world: World, repository: Repository) {
  return {
    id: repository.id,
    node_id: nodeId('R', repository.id),
    name: repository.name,
    full_name: fullName(world, repository),
    private: repository.private,
  }
}

/** What a role amounts to, in GitHub's five flags. */
export function permissionFlags(role: Role) {
  return {
    admin: atLeast(role, 'admin'),
    maintain: atLeast(role, 'maintain'),
    push: atLeast(role, 'write'),
    triage: atLeast(role, 'triage'),
    pull: atLeast(role, 'read'),
  }
}

/** A repository as `GET /repos/{owner}/{repo}` gives it: with what the caller may do. */
export function fullRepository(world: World, repository: Repository, actor: Actor) {
  const parent = repository.forkOf === null ? undefined : world.repositories.get(repository.forkOf)
  const owner = accountOf(world, repository.ownerId)
  return {
    ...repositoryShape(world, repository),
    allow_squash_merge: true,
    allow_merge_commit: true,
    allow_rebase_merge: true,
    allow_auto_merge: false,
    delete_branch_on_merge: false,
    network_count: 0,
    subscribers_count: 0,
    ...(actor.kind === 'user'
      ? { permissions: permissionFlags(roleOn(world, repository, actor.user.id)) }
      : {}),
    ...(owner.type === 'Organization' ? { organization: userById(world, owner.id) } : {}),
    ...(parent ? { parent: repositoryShape(world, parent), source: repositoryShape(world, parent) } : {}),
  }
}
