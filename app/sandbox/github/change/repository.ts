import { appendFile, mkdir } from 'node:fs/promises'
import { git } from '../git.ts'
import { changeTree, type TreeChange, writeCommit } from '../git-objects.ts'
import { openObjects } from '../objects.ts'
import { openRefs } from '../refs.ts'
import { webAuthor, webCommitter } from '../shapes/commit.ts'
import { type Repository, serially } from '../state/repository.ts'
import { fullName, type World } from '../state/world.ts'
import { moveQueues } from './merge-queue.ts'

export type RepositoryOrder = {
  readonly ownerId: number
  readonly name: string
  readonly id?: number
  readonly private?: boolean
  readonly defaultBranch?: string
  /** Path → text of the first commit; without files the repository is empty. */
  readonly files?: Readonly<Record<string, string>>
}

/** Any commit may be fetched, `refs/pull` not pushed; nothing is packed behind the back of open readers. */
const SETTINGS = `[uploadpack]
\tallowAnySHA1InWant = true
\tallowFilter = true
[receive]
\thideRefs = refs/pull
\tautogc = false
[gc]
\tauto = 0
`

/** Makes a bare repository and its record. */
export async function addRepository(
  world: World,
  order: RepositoryOrder,
  forkOf: Repository | null = null,
): Promise<Repository> {
  const id = order.id ?? world.nextId()
  if (world.repositories.has(id)) throw new Error(`repository id ${id} is taken`)
  const defaultBranch = order.defaultBranch ?? 'main'
  const gitDir = `${world.dir}/repositories/${id}.git`
  await mkdir(gitDir, { recursive: true })
  await git(gitDir, ['init', '--quiet', '--bare', `--initial-branch=${defaultBranch}`, gitDir])
  await appendFile(`${gitDir}/config`, SETTINGS)
  if (forkOf) await git(gitDir, ['fetch', '--quiet', forkOf.gitDir, '+refs/heads/*:refs/heads/*'])
  const now = world.clock.now()
  const repository: Repository = {
    id,
    ownerId: order.ownerId,
    name: order.name,
    private: order.private ?? true,
    defaultBranch,
    forkOf: forkOf?.id ?? null,
    createdAt: now,
    pushedAt: now,
    gitDir,
    objects: openObjects(gitDir),
    parents: new Map(),
    lines: [],
    refStore: openRefs(gitDir),
    refs: new Map(forkOf ? [...forkOf.refs].filter(([ref]) => ref.startsWith('refs/heads/')) : []),
    collaborators: new Map(),
    protections: new Map(),
    queues: new Map(),
    lastNumber: 0,
    issues: new Map(),
    pulls: new Map(),
    comments: new Map(),
    checkRuns: new Map(),
    runsOfHead: new Map(),
    checkSuites: [],
    statuses: [],
    activities: [],
    webCommits: new Set(),
    exclusively: serially(() => moveQueues(world, repository)),
  }
  if (order.files) await firstCommit(world, repository, order.files)
  world.repositories.set(id, repository)
  world.oldNames.delete(fullName(world, repository).toLowerCase())
  return repository
}

async function firstCommit(world: World, repository: Repository, files: Readonly<Record<string, string>>) {
  const changes = new Map<string, TreeChange>()
  for (const [path, text] of Object.entries(files))
    changes.set(path, { mode: '100644', sha: await repository.objects.write('blob', Buffer.from(text)) })
  const sha = await writeCommit(repository.objects, {
    tree: await changeTree(repository.objects, null, changes),
    parents: [],
    author: webAuthor(world, repository.ownerId),
    committer: webCommitter(world),
    message: 'Initial commit',
  })
  const ref = `refs/heads/${repository.defaultBranch}`
  await repository.refStore.move(ref, sha, null)
  repository.refs.set(ref, sha)
  repository.webCommits.add(sha)
}
