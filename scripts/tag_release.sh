#!/usr/bin/env bash
# The last step of a release: a commit beside main in which action.yml starts the published image; vX.Y.Z is made there, vX moved there.
#
#   scripts/tag_release.sh v1.2.3 docker://ghcr.io/OWNER/NAME@sha256:… FILE…       in a clean checkout of main; FILEs are added to the release
#
# vX.Y.Z is never moved: where it exists the push is refused. A pre-release gets no vX. With REMOTE set, that is pushed to (a test does so)
# and no release page is made.
set -euo pipefail
tag=$1
image=$2
shift 2
repository=${GITHUB_REPOSITORY:?}
remote=${REMOTE:-https://x-access-token:${GH_TOKEN:-}@github.com/$repository.git}
git config user.name "github-actions[bot]"
git config user.email "41898282+github-actions[bot]@users.noreply.github.com"

python3 scripts/stamp_release.py --image "$image" --repository "$repository" --version "$tag"
git commit --quiet --all -m "Release $tag: action.yml starts $image"
git tag "$tag"
refs=("refs/tags/$tag")
case $tag in
  *rc*) ;;
  *)
    major=${tag%%.*}
    git tag --force "$major" >/dev/null
    refs+=("+refs/tags/$major") # this one moves
    ;;
esac
git push --quiet --atomic "$remote" "${refs[@]}"
[ -n "${REMOTE:-}" ] && exit 0

more=()
case $tag in *rc*) more=(--prerelease) ;; esac
gh release create "$tag" --repo "$repository" --verify-tag --title "$tag" --notes-file <(
  awk -v head="## [${tag#v}]" 'index($0, head) == 1 {on = 1; next} /^## / {on = 0} on' CHANGELOG.md
  echo
  echo "Image: ${image#docker://}"
) "${more[@]}" "$@"
