// Addresses on the site: those of names follow packages (s3/s3Emitter.html), those of documents their files (docs/operating.html), so that links from
// elsewhere live longer than a title.
import { StructureRouter } from "typedoc";

export class SiteRouter extends StructureRouter {
  getIdealBaseName(reflection) {
    return reflection.isDocument()
      ? `docs/${reflection.frontmatter.address}`
      : super.getIdealBaseName(reflection).replace("_kinesis-connectors/", "");
  }
}
