// The theme of TypeDoc, with a navigation that fits its column: packages are named there as their folders are.
import { DefaultTheme } from "typedoc";

export class SiteTheme extends DefaultTheme {
  buildNavigation(project) {
    const elements = super.buildNavigation(project);
    for (const { children = [] } of elements)
      for (const element of children)
        element.text = element.text.replace(/^@kinesis-connectors\//, "").replace(/ - v[\d.]+$/, "");
    return elements;
  }
}
