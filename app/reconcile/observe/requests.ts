import type { PersonFact, RequestFacts } from '../../decision/facts.ts'
import type { Directory } from '../../identity/directory.ts'
import { requestId } from '../../request/id.ts'
import { canonicalPath } from '../../request/path.ts'
import { notPlain, plainMode } from '../../request/plain.ts'
import { type RequestReading, readRequest, requestSizeLimit } from '../../request/read.ts'
import type { AccessRequest } from '../../request/request.ts'
import type { Change, Mirror, Sha } from '../ports/git.ts'
import { unlessTooLarge } from '../ports/git.ts'
import type { Account } from '../ports/github.ts'
import { heldSince, plainAt } from './plain-at.ts'

/** A request file that nobody has read yet. */
export type NewFile = Pick<RequestFacts, 'id' | 'path' | 'blob'> & { readonly mode: string }

/** Request files that a pull request adds; also what is no plain file, so that its merge is told (trust.md 6.11). */
export const newFiles = (repository: number, pull: number, changes: readonly Change[]): readonly NewFile[] =>
  changes.flatMap(({ path, before, after }) =>
    before === undefined && after !== undefined && canonicalPath(path).ok
      ? [{ id: requestId(repository, pull, path), path, blob: after.sha, mode: after.mode }]
      : [],
  )

/** These files, read at the head; what a request lacks is named in its facts. */
export const requestsOf = async (
  mirror: Mirror,
  directory: Directory | undefined,
  accountOf: (login: string) => Promise<Account | undefined>,
  files: readonly NewFile[],
  at: {
    readonly before: Sha
    readonly tip: Sha
    readonly merge: Sha | undefined
    /** From when on they must have lain on the branch as they do at its tip. */
    readonly since: Sha | undefined
    readonly author: PersonFact
  },
): Promise<readonly RequestFacts[]> =>
  Promise.all(
    files.map(async ({ id, path, blob, mode }): Promise<RequestFacts> => {
      const read = mode === plainMode ? await readBlob(mirror, blob, path) : notPlain(path, mode)
      return {
        id,
        path,
        blob,
        read,
        usedUp: await mirror.everHeld(at.before, path),
        ...(at.merge === undefined
          ? {}
          : {
              mergedBlob: await plainAt(mirror, at.merge, path),
              branchBlob: await heldSince(mirror, at.since ?? at.merge, at.tip, path),
            }),
        ...(read.ok && directory !== undefined
          ? {
              requester: await requesterOf(directory, accountOf, at.author, read.request),
              role: roleOf(directory, read.request),
            }
          : {}),
      }
    }),
  )

const readBlob = async (mirror: Mirror, blob: Sha, path: string): Promise<RequestFacts['read']> => {
  const bytes = await unlessTooLarge(mirror.blob(blob, requestSizeLimit))
  if (bytes !== undefined) return withoutPlaces(readRequest(bytes, path))
  const fault = { file: path, line: 1, column: 1, code: 'too_large' as const }
  const [message, remedy] = ['the file is larger than 64 KiB', 'keep a request to its few fields']
  return { ok: false, faults: [{ ...fault, message, remedy }] }
}

/** A login whose numeric id on GitHub differs from the directory's is nobody we know (trust.md 6.16). */
const requesterOf = async (
  directory: Directory,
  accountOf: (login: string) => Promise<Account | undefined>,
  author: PersonFact,
  request: AccessRequest,
): Promise<NonNullable<RequestFacts['requester']>> => {
  const same = author.login.toLowerCase() === request.requester.toLowerCase()
  const account = same ? author : await accountOf(request.requester)
  if (account === undefined) {
    return {
      unknown: `GitHub has no user ${request.requester}`,
      remedy: 'write the GitHub login of the person who gets the access in spec.requester',
    }
  }
  const found = directory.person(account.login, account.id)
  if (!found.ok) return { unknown: found.message, remedy: found.remedy }
  const { identity } = found
  const principal = directory.principal(identity, request.provider)
  return {
    person: { id: identity.id, login: identity.login },
    principals: directory.principalsOf(identity),
    ...(principal === undefined ? {} : { principal }),
  }
}

const roleOf = (directory: Directory, request: AccessRequest): NonNullable<RequestFacts['role']> => {
  const role = directory.role(request.provider, request.role)
  if (role !== undefined) return role
  const known = directory.roles
    .filter(({ provider }) => provider === request.provider)
    .map(({ role: name }) => name)
  return {
    unknown: `policies/data/roles.yaml has no role ${request.role} for ${request.provider}`,
    remedy:
      known.length === 0
        ? `it has no role for ${request.provider} at all`
        : `one of these exists: ${known.join(', ')}`,
  }
}

/** Facts are JSON, all of them: they are stored with the decision. */
const withoutPlaces = (read: RequestReading): RequestFacts['read'] =>
  read.ok ? { ok: true, request: read.request } : { ok: false, faults: read.faults }
