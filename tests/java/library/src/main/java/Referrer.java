import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.rest.api.MethodOutcome;
import ca.uhn.fhir.rest.client.api.IGenericClient;
import ca.uhn.fhir.rest.client.interceptor.BearerTokenAuthInterceptor;
import ca.uhn.fhir.rest.server.exceptions.BaseServerResponseException;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.IdType;
import org.hl7.fhir.r4.model.Resource;

/**
 * HAPI FHIR's generic client, driven over standard input: a line of words parted by tabs (what, of what, and what with),
 * where a resource is one of the words; a line is answered: "ok" or the status, a tab, and JSON.
 */
public class Referrer {
  private static final FhirContext CONTEXT = FhirContext.forR4();

  public static void main(String[] arguments) throws Exception {
    CONTEXT.getRestfulClientFactory().setSocketTimeout(20_000);
    IGenericClient client = CONTEXT.newRestfulGenericClient(arguments[0]); // it reads /metadata first, as it always does
    client.registerInterceptor(new BearerTokenAuthInterceptor(arguments[1]));
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] words = line.split("\t", -1);
      try {
        out.println("ok\t" + json(done(client, words)));
      } catch (BaseServerResponseException refused) {
        IBaseResource outcome = refused.getOperationOutcome();
        out.println(refused.getStatusCode() + "\t" + (outcome == null ? "{}" : json(outcome)));
      }
    }
  }

  private static IBaseResource done(IGenericClient client, String[] words) {
    switch (words[0]) {
      case "bundle":
        return client.transaction().withBundle((Bundle) resource(words[1])).execute();
      case "message":
        return client.operation().processMessage().setMessageBundle((Bundle) resource(words[1])).synchronous(Bundle.class)
            .execute();
      case "create":
        return made(client.create().resource(resource(words[1])).prefer(
            ca.uhn.fhir.rest.api.PreferReturnEnum.REPRESENTATION).execute());
      case "update": // HAPI's own way of If-Match: the version of the id that the resource has
        IBaseResource changed = resource(words[1]);
        return made(client.update().resource(changed).withId(changed.getIdElement().toUnqualifiedVersionless())
            .withAdditionalHeader("If-Match", "W/\"" + changed.getMeta().getVersionId() + "\"").execute());
      case "read":
        return client.read().resource(new IdType(words[1]).getResourceType()).withId(new IdType(words[1])).execute();
      case "history":
        return whole(client, client.history().onInstance(new IdType(words[1])).returnBundle(Bundle.class).execute());
      case "search":
        Map<String, List<String>> asked = new HashMap<>();
        for (int n = 2; n + 1 < words.length; n += 2) {
          asked.computeIfAbsent(words[n], name -> new ArrayList<>()).add(words[n + 1]);
        }
        String url = words[1] + (asked.isEmpty() ? "" : "?" + query(asked));
        return whole(client, client.search().byUrl(url).returnBundle(Bundle.class).execute());
      default:
        throw new IllegalArgumentException(words[0]);
    }
  }

  /** All pages in one. */
  private static Bundle whole(IGenericClient client, Bundle first) {
    Bundle page = first;
    while (page.getLink(Bundle.LINK_NEXT) != null) {
      page = client.loadPage().next(page).execute();
      page.getEntry().forEach(first::addEntry);
    }
    return first;
  }

  private static String query(Map<String, List<String>> asked) {
    List<String> parts = new ArrayList<>();
    asked.forEach((name, values) -> values.forEach(
        value -> parts.add(name + "=" + java.net.URLEncoder.encode(value, StandardCharsets.UTF_8))));
    return String.join("&", parts);
  }

  private static IBaseResource made(MethodOutcome outcome) {
    return outcome.getResource() != null ? outcome.getResource() : outcome.getOperationOutcome();
  }

  private static Resource resource(String json) {
    return (Resource) CONTEXT.newJsonParser().parseResource(json);
  }

  private static String json(IBaseResource resource) {
    return CONTEXT.newJsonParser().encodeResourceToString(resource);
  }
}
