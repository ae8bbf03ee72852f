import type { Route } from '../call.ts'
import { appRoutes } from './apps.ts'
import { checkRoutes } from './checks.ts'
import { commentRoutes } from './comments.ts'
import { commitRoutes } from './commits.ts'
import { contentRoutes } from './contents.ts'
import { deliveryRoutes } from './deliveries.ts'
import { gitDatabaseRoutes } from './git-database.ts'
import { issueRoutes } from './issues.ts'
import { manifestRoutes } from './manifests.ts'
import { metaRoutes } from './meta.ts'
import { pullRoutes } from './pulls.ts'
import { repositoryRoutes } from './repositories.ts'
import { requestedReviewerRoutes } from './requested-reviewers.ts'
import { reviewRoutes } from './reviews.ts'
import { teamRoutes } from './teams.ts'
import { userRoutes } from './users.ts'

/** Every endpoint of the REST API. */
export const allRoutes: readonly Route[] = [
  ...pullRoutes,
  ...reviewRoutes,
  ...requestedReviewerRoutes,
  ...commentRoutes,
  ...checkRoutes,
  ...appRoutes,
  ...deliveryRoutes,
  ...gitDatabaseRoutes,
  ...contentRoutes,
  ...commitRoutes,
  ...repositoryRoutes,
  ...teamRoutes,
  ...userRoutes,
  ...issueRoutes,
  ...metaRoutes,
  ...manifestRoutes,
]
